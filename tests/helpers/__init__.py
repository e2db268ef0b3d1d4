"""What the tests share: small meshes from code, and the reduction of given displacements."""
