"""What subcommands read: files, standard input, options that several have."""
