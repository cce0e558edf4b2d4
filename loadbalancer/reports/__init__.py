"""Audits as people and programs read them: text, JSON, HTML, and the formats of CI systems."""
