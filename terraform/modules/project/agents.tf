# Google's own service accounts (service agents) in this project. On a new project an agent does not exist until a
# client requests it, and a grant to a missing account fails with 400. These blocks request the agents.
#
# No grant takes its member from them. When the set of APIs changes, Terraform reads the data sources again during apply,
# and a member that is unknown until then would replace its grant: the system would stand still. The number of the project
# makes the members, and it is known at plan.

# Read during plan, so the API of Resource Manager must be enabled before the first apply.
data "google_project" "project" {
  project_id = var.project_id
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
  count = local._kms_count

  project = var.project_id

  depends_on = [time_sleep.services]
}

# Without these requests, the first trigger or build of a project may begin before the agent exists, and fails. Service
# Usage answers them, which is enabled before the first apply. So they do not wait for the new APIs.
resource "google_project_service_identity" "agents" {
  for_each = var.setup ? toset([for name in keys(local._agent_domains) : "${name}.googleapis.com"]) : []
  provider = google-beta

  project = var.project_id
  service = google_project_service.services[each.key].service
}

# A grant to an agent made seconds before answers 400 "does not exist". The grants take the members from here.
resource "time_sleep" "agents" {
  count = local._setup_count

  create_duration = "90s"
  triggers        = { for name in keys(local._agent_domains) : name => local.agents[name] }

  depends_on = [google_project_service_identity.agents]
}
