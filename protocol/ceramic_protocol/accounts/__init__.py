"""Who may write, proven: keys, accounts and what they hand on (accounts.md)."""
