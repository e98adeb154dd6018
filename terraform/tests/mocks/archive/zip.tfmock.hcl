mock_data "archive_file" {
  defaults = {
    output_md5    = "0123456789abcdef0123456789abcdef"
    output_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
}
