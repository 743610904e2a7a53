"""One spelling for each name, host, path, command and statement, before anything is compared."""
