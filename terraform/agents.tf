# Google's own service accounts (service agents) in this project. On a new project an agent does not exist until a
# client requests it, and a grant to a missing account fails with 400. These blocks request the agents.

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

# Without these requests, the first trigger or build of a project may begin before the agent exists, and fails.
resource "google_project_service_identity" "agents" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "eventarc.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
  ])
  provider = google-beta

  project = local.project_id
  service = each.key
}
