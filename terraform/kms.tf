# The agents that encrypt and decrypt in the name of Cloud Storage and BigQuery. Functions hold no billing data: their
# images and events stay under Google's keys, which spares a second key, for their region, and four more agents.

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

# A key's grant takes up to a minute to reach the agents; a bucket or a dataset created before is refused.
resource "time_sleep" "kms" {
  count = local.kms_key_count

  create_duration = "60s"
  triggers = {
    kms_key  = var.kms_key
    bigquery = google_kms_crypto_key_iam_member.bigquery[0].member
    storage  = google_kms_crypto_key_iam_member.storage[0].member
  }
}
