# Grants for Google's own accounts (service agents), each with Google's own role for it. Google grants these roles to an
# agent that it creates itself, but not to one that google_project_service_identity creates on a new project. Without
# the role, the first build ends with "Unable to retrieve the repository metadata".

# Keeps the container images.
resource "google_project_iam_member" "artifactregistry_agent" {
  project = var.project_id
  role    = "roles/artifactregistry.serviceAgent"
  member  = var.service_agents.artifactregistry
}

# Runs each build as the build account.
resource "google_project_iam_member" "cloudbuild_agent" {
  project = var.project_id
  role    = "roles/cloudbuild.serviceAgent"
  member  = var.service_agents.cloudbuild
}

# Starts the builds, and creates the Cloud Run services of the functions.
resource "google_project_iam_member" "cloudfunctions_agent" {
  project = var.project_id
  role    = "roles/cloudfunctions.serviceAgent"
  member  = var.service_agents.cloudfunctions
}

# Pulls the images, and starts instances as the account of the functions.
resource "google_project_iam_member" "run_agent" {
  project = var.project_id
  role    = "roles/run.serviceAgent"
  member  = var.service_agents.run
}

# Signs the token for calling the sweep.
resource "google_project_iam_member" "cloudscheduler_agent" {
  project = var.project_id
  role    = "roles/cloudscheduler.serviceAgent"
  member  = var.service_agents.cloudscheduler
}

# Creates the triggers. Google grants this role too, but later than the first trigger needs it.
resource "google_project_iam_member" "eventarc_agent" {
  project = var.project_id
  role    = "roles/eventarc.serviceAgent"
  member  = var.service_agents.eventarc
}

# Signs the token for calling a function.
resource "google_project_iam_member" "pubsub_agent" {
  project = var.project_id
  role    = "roles/pubsub.serviceAgent"
  member  = var.service_agents.pubsub
}
