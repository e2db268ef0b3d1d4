"""What the metastasis takes out of the bone."""
