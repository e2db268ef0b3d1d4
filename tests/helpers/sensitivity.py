"""Functions whose Sobol' indices are known, and Saltelli designs to run them on."""

import numpy as np

A, B = 7.0, 0.1
G = np.array([0.0, 1.0, 4.5, 9.0])


def ishigami(u):
    """Ishigami and Homma's function of the unit cube."""
    x = np.pi * (2.0 * u - 1.0)
    return np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices():
    """Main, total and the second-order index of the first and third, in closed form."""
    first = 0.5 * (1.0 + B * np.pi**4 / 5.0) ** 2
    second = A**2 / 8.0
    both = B**2 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    variance = first + second + both
    main = np.array([first, second, 0.0]) / variance
    return main, np.array([first + both, second, both]) / variance, both / variance


def g_function(u):
    """Sobol's g-function with the coefficients ``G``."""
    return np.prod((np.abs(4.0 * u - 2.0) + G) / (1.0 + G), axis=1)


def g_indices():
    """Main and total indices in closed form."""
    part = 1.0 / (3.0 * (1.0 + G) ** 2)
    variance = np.prod(1.0 + part) - 1.0
    return part / variance, part * np.prod(1.0 + part) / (1.0 + part) / variance


def saltelli(points, second_order=False):
    """Cases of a Saltelli design from (n, 2 k) points of the unit cube, in SALib's order."""
    k = points.shape[1] // 2
    a, b = points[:, :k], points[:, k:]
    mixed = [a]
    for base, other in ((a, b), (b, a)) if second_order else ((a, b),):
        for i in range(k):
            swapped = base.copy()
            swapped[:, i] = other[:, i]
            mixed.append(swapped)
    return np.stack([*mixed, b], axis=1).reshape(-1, k)
