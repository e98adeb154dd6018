# Storage Transfer gets the bucket, lists its objects, and creates and overwrites objects. An overwrite needs the
# permissions to delete and to create. The narrowest role with all of them is this legacy role of buckets.
resource "google_storage_bucket_iam_member" "transfer_writer" {
  for_each = local._landing

  bucket = each.value
  role   = "roles/storage.legacyBucketWriter"
  member = var.transfer_agent
}

# With overwrite_when = "DIFFERENT", Storage Transfer reads an object's metadata to compare its checksum with the
# source.
resource "google_storage_bucket_iam_member" "transfer_viewer" {
  for_each = local._landing

  bucket = each.value
  role   = "roles/storage.objectViewer"
  member = var.transfer_agent
}

# On a bucket that exists already, the readers get no binding, because a binding sets all members of its role. A load job
# needs storage.buckets.get, with the account of its caller.
resource "google_storage_bucket_iam_member" "bucket_reader" {
  for_each = { for pair in setproduct(keys(local._existing), range(length(var.readers))) : "${pair[0]} ${pair[1]}" => pair }

  bucket = local._existing[each.value[0]]
  role   = "roles/storage.legacyBucketReader"
  member = var.readers[each.value[1]]
}

# Creating a transfer job fails until the grants take effect. Google recommends 30 s, and 60 s is safer.
resource "time_sleep" "grants" {
  for_each = local._landing

  create_duration = "60s"
  triggers = {
    bucket = each.value
    viewer = google_storage_bucket_iam_member.transfer_viewer[each.key].member
    writer = google_storage_bucket_iam_member.transfer_writer[each.key].member
  }
}
