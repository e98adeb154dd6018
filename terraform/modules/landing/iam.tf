# Storage Transfer gets the bucket, lists its objects, and creates and overwrites objects. An overwrite needs the
# permissions to delete and to create. The narrowest role with all of them is this legacy role of buckets.
resource "google_storage_bucket_iam_member" "transfer_writer" {
  for_each = google_storage_bucket.landing

  bucket = each.value.name
  role   = "roles/storage.legacyBucketWriter"
  member = var.transfer_agent
}

# With overwrite_when = "DIFFERENT", Storage Transfer reads an object's metadata to compare its checksum with the
# source.
resource "google_storage_bucket_iam_member" "transfer_viewer" {
  for_each = google_storage_bucket.landing

  bucket = each.value.name
  role   = "roles/storage.objectViewer"
  member = var.transfer_agent
}

# Creating a transfer job fails until the grants take effect. Google recommends 30 s, and 60 s is safer.
resource "time_sleep" "grants" {
  for_each = google_storage_bucket.landing

  create_duration = "60s"
  triggers = {
    bucket = each.value.name
    viewer = google_storage_bucket_iam_member.transfer_viewer[each.key].member
    writer = google_storage_bucket_iam_member.transfer_writer[each.key].member
  }
}
