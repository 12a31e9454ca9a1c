"""A fraud check: rules that a payment must pass before it is posted."""
