"""The management API: authoring, people, releases and switches, over the services that the console uses."""
