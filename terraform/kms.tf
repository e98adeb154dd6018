# Lets the agents of Cloud Storage and BigQuery use the key. The functions hold no billing data, so their images and
# events keep Google's keys. A key for them would have to be in their region, with grants to four more agents.

resource "google_kms_crypto_key_iam_member" "storage" {
  count = local.kms_key_count

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter" # objects of the landing and bookkeeping buckets
  member        = data.google_storage_project_service_account.storage.member
}

resource "google_kms_crypto_key_iam_member" "bigquery" {
  count = local.kms_key_count

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter" # tables of the datasets
  member        = data.google_bigquery_default_service_account.bigquery[0].member
}

# A grant on a key takes up to a minute to take effect. Until then, creating a bucket or a dataset with the key fails.
resource "time_sleep" "kms" {
  count = local.kms_key_count

  create_duration = "60s"
  triggers = {
    kms_key  = var.kms_key
    bigquery = google_kms_crypto_key_iam_member.bigquery[0].member
    storage  = google_kms_crypto_key_iam_member.storage[0].member
  }
}
