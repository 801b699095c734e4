"""What a DBA should look at: index care, slow statements, advice with its evidence."""
