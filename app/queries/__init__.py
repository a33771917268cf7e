"""All SQL of the service: plain functions, one file per noun."""
