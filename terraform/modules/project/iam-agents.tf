# Grants for Google's own accounts (service agents), each with Google's own role for it. Google grants these roles to an
# agent that it creates itself, but not to one that google_project_service_identity creates on a new project. Without
# the role, the first build ends with "Unable to retrieve the repository metadata".
#
# Other systems of the project live on these grants too, and Google may have made them before. So Terraform does not
# destroy them: README.md says how to take them out of the state.

# Keeps the container images.
resource "google_project_iam_member" "artifactregistry_agent" {
  count = local._setup_count

  project = local.project_id
  role    = "roles/artifactregistry.serviceAgent"
  member  = time_sleep.agents[0].triggers.artifactregistry

  lifecycle {
    prevent_destroy = true
  }
}

# Runs each build as the build account.
resource "google_project_iam_member" "cloudbuild_agent" {
  count = local._setup_count

  project = local.project_id
  role    = "roles/cloudbuild.serviceAgent"
  member  = time_sleep.agents[0].triggers.cloudbuild

  lifecycle {
    prevent_destroy = true
  }
}

# Starts the builds, and creates the Cloud Run services of the functions.
resource "google_project_iam_member" "cloudfunctions_agent" {
  count = local._setup_count

  project = local.project_id
  role    = "roles/cloudfunctions.serviceAgent"
  member  = time_sleep.agents[0].triggers.cloudfunctions

  lifecycle {
    prevent_destroy = true
  }
}

# Pulls the images, and starts instances as the account of the functions.
resource "google_project_iam_member" "run_agent" {
  count = local._setup_count

  project = local.project_id
  role    = "roles/run.serviceAgent"
  member  = time_sleep.agents[0].triggers.run

  lifecycle {
    prevent_destroy = true
  }
}

# Signs the token for calling the sweep.
resource "google_project_iam_member" "cloudscheduler_agent" {
  count = local._setup_count

  project = local.project_id
  role    = "roles/cloudscheduler.serviceAgent"
  member  = time_sleep.agents[0].triggers.cloudscheduler

  lifecycle {
    prevent_destroy = true
  }
}

# Creates the triggers. Google grants this role too, but later than the first trigger needs it.
resource "google_project_iam_member" "eventarc_agent" {
  count = local._setup_count

  project = local.project_id
  role    = "roles/eventarc.serviceAgent"
  member  = time_sleep.agents[0].triggers.eventarc

  lifecycle {
    prevent_destroy = true
  }
}

# Signs the token for calling a function.
resource "google_project_iam_member" "pubsub_agent" {
  count = local._setup_count

  project = local.project_id
  role    = "roles/pubsub.serviceAgent"
  member  = time_sleep.agents[0].triggers.pubsub

  lifecycle {
    prevent_destroy = true
  }
}

# Publishes object events to a topic. Eventarc creates the topic with the trigger, too late for a grant on the topic.
resource "google_project_iam_member" "storage_publisher" {
  count = local._setup_count

  project = local.project_id
  role    = "roles/pubsub.publisher"
  member  = local.agents.storage

  depends_on = [data.google_storage_project_service_account.storage]

  lifecycle {
    prevent_destroy = true
  }
}
