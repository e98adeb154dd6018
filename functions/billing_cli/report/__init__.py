"""`billing report`: cost as one HTML page. It needs the libraries of the extra `report`."""
