# Google's own service accounts (service agents) in this project. On a new project an agent does not exist until a
# client requests it, and a grant to a missing account fails with 400. These blocks request the agents.

locals {
  # The domain of each agent (cloud.google.com/iam/docs/service-agents). google_project_service_identity may return no
  # name, or that of an older account, so the project's number makes it.
  _agent_domains = {
    artifactregistry = "gcp-sa-artifactregistry"
    cloudbuild       = "gcp-sa-cloudbuild"
    cloudfunctions   = "gcf-admin-robot"
    cloudscheduler   = "gcp-sa-cloudscheduler"
    eventarc         = "gcp-sa-eventarc"
    pubsub           = "gcp-sa-pubsub"
    run              = "serverless-robot-prod"
  }
  _project_number = regex("^service-([0-9]+)@", data.google_storage_project_service_account.storage.email_address)[0]

  service_agents = {
    for name, domain in time_sleep.agents.triggers :
    name => "serviceAccount:service-${local._project_number}@${domain}.iam.gserviceaccount.com"
  }
}

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

# Without these requests, the first trigger or build of a project may begin before the agent exists, and fails. Service
# Usage answers them, which is enabled before the first apply. So they do not wait for the new APIs.
resource "google_project_service_identity" "agents" {
  for_each = toset([for name in keys(local._agent_domains) : "${name}.googleapis.com"])
  provider = google-beta

  project = var.project_id
  service = google_project_service.services[each.key].service
}

# A grant to an agent made seconds before answers 400 "does not exist". The grants to agents take the domains from here.
resource "time_sleep" "agents" {
  create_duration = "90s"
  triggers        = local._agent_domains

  depends_on = [google_project_service_identity.agents]
}
