# Google's own service accounts in this project. On a new project they do not exist until somebody asks for them, and a
# grant to one that does not exist is a 400; so they are asked for here, after the APIs.

data "google_storage_project_service_account" "storage" {
  project = var.project_id

  depends_on = [time_sleep.services]
}

data "google_storage_transfer_project_service_account" "transfer" {
  project = var.project_id

  depends_on = [time_sleep.services]
}

data "google_bigquery_default_service_account" "bigquery" {
  count = local.kms_key_count

  project = var.project_id

  depends_on = [time_sleep.services]
}

# The first trigger of a project otherwise races the creation of Eventarc's agent, and fails.
resource "google_project_service_identity" "agents" {
  for_each = toset(["eventarc.googleapis.com", "pubsub.googleapis.com"])
  provider = google-beta

  project = local.project_id
  service = each.key
}
