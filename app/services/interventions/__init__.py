"""Working a case: safety, contacts, plan, readings, reviews, pauses, extension, close and follow-up."""
