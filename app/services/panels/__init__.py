"""Panels: meetings of several agencies that decide about referrals and what stands in families' way."""
