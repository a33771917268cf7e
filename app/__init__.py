"""Halfterm: brokers commissioned family support."""
