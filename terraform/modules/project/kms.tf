# Lets the agents of Cloud Storage and BigQuery use the key. Other buckets and tables may use it too: a destroy leaves these
# grants behind with the rest of the module. They go only with another kms_key.

resource "google_kms_crypto_key_iam_member" "storage" {
  count = local._kms_count

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter" # objects of the landing and bookkeeping buckets
  member        = local.agents.storage

  depends_on = [data.google_storage_project_service_account.storage]
}

resource "google_kms_crypto_key_iam_member" "bigquery" {
  count = local._kms_count

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter" # tables of the datasets
  member        = local.agents.bigquery

  depends_on = [data.google_bigquery_default_service_account.bigquery]
}

# A grant on a key takes up to a minute to take effect. Until then, creating a bucket or a dataset with the key fails.
resource "time_sleep" "kms" {
  count = local._kms_count

  create_duration = "60s"
  triggers = {
    kms_key  = var.kms_key
    bigquery = google_kms_crypto_key_iam_member.bigquery[0].member
    storage  = google_kms_crypto_key_iam_member.storage[0].member
  }
}

# A key for the functions: their source and images, and the events (cloud.google.com/functions/docs/securing/cmek).
resource "google_kms_crypto_key_iam_member" "functions" {
  for_each = local._functions_kms_agents

  crypto_key_id = var.functions_kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter" # source, images and events of the functions
  member        = each.key == "storage" ? local.agents.storage : time_sleep.agents[0].triggers[each.key]

  depends_on = [data.google_storage_project_service_account.storage]
}

resource "time_sleep" "functions_kms" {
  count = length(local._functions_kms_agents) == 0 ? 0 : 1

  create_duration = "60s"
  triggers = merge(
    { functions_kms_key = var.functions_kms_key },
    { for name, grant in google_kms_crypto_key_iam_member.functions : name => grant.member },
  )
}
