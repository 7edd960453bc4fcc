"""What sources, clients and machines do to hurt, the whole way through the program."""
