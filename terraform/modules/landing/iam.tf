# Storage Transfer looks up the bucket, lists what is there, and creates and overwrites objects (an overwrite is a delete
# and a create). The narrowest role that holds all four is a bucket's legacy role.
resource "google_storage_bucket_iam_member" "transfer_writer" {
  for_each = google_storage_bucket.landing

  bucket = each.value.name
  role   = "roles/storage.legacyBucketWriter"
  member = var.transfer_agent
}

# To compare an object's checksum with the source's (overwrite when different) it reads the object's metadata.
resource "google_storage_bucket_iam_member" "transfer_viewer" {
  for_each = google_storage_bucket.landing

  bucket = each.value.name
  role   = "roles/storage.objectViewer"
  member = var.transfer_agent
}

# A transfer job that is created before the grant has spread is refused; Google asks for 30 s, and 60 s cost nothing.
resource "time_sleep" "grants" {
  for_each = google_storage_bucket.landing

  create_duration = "60s"
  triggers = {
    bucket = each.value.name
    viewer = google_storage_bucket_iam_member.transfer_viewer[each.key].member
    writer = google_storage_bucket_iam_member.transfer_writer[each.key].member
  }
}
