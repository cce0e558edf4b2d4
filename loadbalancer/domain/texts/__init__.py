"""Texts as Go prints and parses them: quoting, IP addresses, patterns."""
