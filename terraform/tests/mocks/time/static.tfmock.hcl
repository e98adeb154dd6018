mock_resource "time_static" {
  defaults = {
    day   = 24
    month = 11
    year  = 2026
  }
}
