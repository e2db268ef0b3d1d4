"""
Which density law?
==================

*The stiffness of trabecular bone comes from its density by a law. How much does the choice of the law
matter?*

Every law of the library takes one kind of density, and refuses another: apparent, ash and
phantom-equivalent densities differ by up to a factor of two, and a modulus by four. To compare laws, a
density has to be converted by a relation that is named.
"""

import matplotlib.pyplot as plt
import numpy as np

import femurfe as ff
from femurfe.materials import Density, convert

apparent = Density("apparent", np.linspace(0.1, 0.8, 29))
ash = convert(apparent, "ash", route="apparent_to_ash")
laws = {
    "bone/morgan_2003_femoral_neck": apparent,
    "bone/morgan_2003_vertebra": apparent,
    "bone/carter_hayes_1977": apparent,
    "bone/keller_1994": ash,
    "bone/keyak_1998_femur": ash,
    "bone/keyak_2005_femur": ash,
}

# %%
# Lines are thick where the law was measured, if its source says where, and thin outside.

colours = ("#0072B2", "#56B4E9", "#000000", "#009E73", "#D55E00", "#E69F00")
figure, axis = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
for colour, (key, density) in zip(colours, laws.items(), strict=True):
    law = ff.material(key)
    young = law.curves["young"].at(density.values)
    axis.semilogy(apparent.values, young, color=colour, lw=0.8)
    low, high = law.valid or (np.inf, -np.inf)
    known = np.where((density.values >= low) & (density.values <= high), young, np.nan)
    axis.semilogy(apparent.values, known, color=colour, lw=2.4, label=law.title)
axis.set(xlabel="apparent density (g/cm³)", ylabel="Young's modulus (MPa)")
axis.legend(frameon=False, fontsize=8)

# %%
# At the densities of weak trabecular bone the laws differ by more than a factor of ten. A result that rests
# on one of them should be computed with another as well: change ``trabecular`` under ``[materials]``, or
# vary it in a sweep, and see with `femurfe.analysis.stability_by_group` whether the order of the arms
# holds.

for key in list(laws)[:3]:
    quantity = ff.material(key).curves["young"]
    print(f"{key}: E = {quantity.formula()} {quantity.unit}; {quantity.source} ({quantity.confidence})")
