"""A referral's own acts: sent, checked, amended, withdrawn, asked about, held and released."""
