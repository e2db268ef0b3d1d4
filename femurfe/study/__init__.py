"""Studies: the file, the comparison of arms, the results folder."""
