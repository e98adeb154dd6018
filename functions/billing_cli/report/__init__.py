"""`make report`: cost as one HTML page, made on a laptop. Not deployed: its libraries are none of the functions."""
