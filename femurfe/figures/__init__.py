"""Pictures for papers; the only floor that draws."""
