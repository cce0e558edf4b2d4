"""What subcommands print: tables, reports, progress."""
