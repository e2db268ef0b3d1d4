"""What is put into the bone: cement, screws."""
