"""What the metastasis takes out of the bone."""

from femurfe.defects.defect import LYTIC, Defect, lobes, with_share, with_volume

__all__ = ["LYTIC", "Defect", "lobes", "with_share", "with_volume"]
