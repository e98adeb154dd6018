# What it takes for an event to reach a function, and the schedule to reach the sweep.

# Cloud Storage publishes object events to a topic that Eventarc creates with the trigger: there is none to grant on before.
resource "google_project_iam_member" "storage_publisher" {
  project = var.project_id
  role    = "roles/pubsub.publisher"
  member  = var.service_agents.storage
}

# Google grants it to the agent at its creation, but not at once; a trigger that comes first fails.
resource "google_project_iam_member" "eventarc_agent" {
  project = var.project_id
  role    = "roles/eventarc.serviceAgent"
  member  = var.service_agents.eventarc
}

# The agent's own role, by which it signs the token that it calls the function with; granted with the agent's creation
# by hand (google_project_service_identity) only if it is granted here.
resource "google_project_iam_member" "pubsub_agent" {
  project = var.project_id
  role    = "roles/pubsub.serviceAgent"
  member  = var.service_agents.pubsub
}

# Receives the events of the trigger; Eventarc takes this role on a project only.
resource "google_project_iam_member" "trigger_receiver" {
  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.accounts["trigger"].member
}

# Calls these functions and no others. It lands after the function, so the first events may get 403; they are retried.
resource "google_cloud_run_service_iam_member" "trigger_invoker" {
  for_each = google_cloudfunctions2_function.load

  project  = var.project_id
  location = var.region
  service  = each.value.name
  role     = "roles/run.invoker"
  member   = google_service_account.accounts["trigger"].member

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.load[each.key].id] # a new function is a new service, without grants
  }
}

# Calls the sweep.
resource "google_cloud_run_service_iam_member" "scheduler_invoker" {
  project  = var.project_id
  location = var.region
  service  = google_cloudfunctions2_function.sweep.name
  role     = "roles/run.invoker"
  member   = google_service_account.accounts["scheduler"].member

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.sweep.id]
  }
}

# Grants take up to two minutes to reach Eventarc and Cloud Build; a function that is created before fails with
# "Permission denied while using the Eventarc Service Agent" or in its build. No trigger reads a grant's bucket, repository, service or
# secret_id: the provider rewrites them when it makes the grant (NAME to b/NAME), and the apply fails ("inconsistent final plan").
resource "time_sleep" "grants" {
  create_duration = "120s"
  triggers = {
    build_images      = google_artifact_registry_repository_iam_member.build_images.member
    build_logs        = google_project_iam_member.build_logs.member
    build_source      = google_project_iam_member.build_source.member
    build_upload      = google_storage_bucket_iam_member.build_upload.member
    eventarc_agent    = google_project_iam_member.eventarc_agent.member
    loader_datasets   = join(" ", sort([for grant in google_bigquery_dataset_access.loader_editor : grant.dataset_id]))
    loader_jobs       = google_project_iam_member.loader_jobs.member
    loader_landing    = join(" ", sort([for provider, grant in google_storage_bucket_iam_member.loader_viewer : "${provider}=${grant.member}"]))
    loader_leases     = google_storage_bucket_iam_member.loader_leases.member
    pubsub_agent      = google_project_iam_member.pubsub_agent.member
    storage_publisher = google_project_iam_member.storage_publisher.member
    trigger_receiver  = google_project_iam_member.trigger_receiver.member
  }
}
