"""Paper trading: orders filled at the live edge's own quotes, and what they come to.

No order leaves this program. Charges and taxes are told beside P&L, and counted in none of it.
"""
