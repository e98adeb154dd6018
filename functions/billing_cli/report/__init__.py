"""`billing report`: cost as one HTML page. Its libraries are those of the extra `report`."""
