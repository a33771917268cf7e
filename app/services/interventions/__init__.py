"""Working a case: safety, contacts, plan, readings, extension and close."""
