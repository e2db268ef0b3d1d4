"""From results to numbers: stiffness, strain, risk, failure, error."""
