"""What lies over the programme, drawn: templates, fields and pictures, in a process of its own."""
