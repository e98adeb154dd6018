# Grants that let events reach the functions, and the schedule reach the sweep.

# Publishes object events to a topic. Eventarc creates the topic with the trigger, too late for a grant on the topic.
resource "google_project_iam_member" "storage_publisher" {
  project = var.project_id
  role    = "roles/pubsub.publisher"
  member  = var.service_agents.storage
}

# Receives the events of the triggers. Eventarc accepts this role on a project only.
resource "google_project_iam_member" "trigger_receiver" {
  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = local.members["trigger"]
}

# Calls these functions only. The grant follows the function, so the first events may get 403. Eventarc retries them.
resource "google_cloud_run_service_iam_member" "trigger_invoker" {
  for_each = google_cloudfunctions2_function.load

  project  = var.project_id
  location = var.region
  service  = each.value.name
  role     = "roles/run.invoker"
  member   = local.members["trigger"]

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.load[each.key].id] # a new function has no grants
  }
}

# Calls the sweep.
resource "google_cloud_run_service_iam_member" "scheduler_invoker" {
  project  = var.project_id
  location = var.region
  service  = google_cloudfunctions2_function.sweep.name
  role     = "roles/run.invoker"
  member   = local.members["scheduler"]

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.sweep.id]
  }
}

# Grants take up to two minutes to reach Eventarc and Cloud Build; a function that is created before fails with
# "Permission denied while using the Eventarc Service Agent" or in its build. No trigger reads a grant's bucket, repository,
# service or secret_id: the provider rewrites them when it makes the grant (NAME to b/NAME), and the apply fails
# ("inconsistent final plan").
resource "time_sleep" "grants" {
  create_duration = "120s"
  triggers = {
    artifactregistry_agent = google_project_iam_member.artifactregistry_agent.member
    build_images           = google_artifact_registry_repository_iam_member.build_images.member
    build_logs             = google_project_iam_member.build_logs.member
    build_source           = google_project_iam_member.build_source.member
    cloudbuild_agent       = google_project_iam_member.cloudbuild_agent.member
    cloudfunctions_agent   = google_project_iam_member.cloudfunctions_agent.member
    cloudscheduler_agent   = google_project_iam_member.cloudscheduler_agent.member
    run_agent              = google_project_iam_member.run_agent.member
    eventarc_agent         = google_project_iam_member.eventarc_agent.member
    loader_jobs            = google_project_iam_member.loader_jobs.member
    pubsub_agent           = google_project_iam_member.pubsub_agent.member
    storage_publisher      = google_project_iam_member.storage_publisher.member
    trigger_receiver       = google_project_iam_member.trigger_receiver.member
  }
}

# A grant on a bucket takes about a minute. These are later than the other grants, because buckets wait for the key. Those on
# datasets are needed when a function first runs, which is after its build.
resource "time_sleep" "bucket_grants" {
  create_duration = "60s"
  triggers = {
    build_upload    = google_storage_bucket_iam_member.build_upload.member
    loader_datasets = join(" ", sort([for grant in google_bigquery_dataset_access.loader_editor : grant.dataset_id]))
    loader_landing  = join(" ", sort([for provider, grant in google_storage_bucket_iam_member.loader_viewer : "${provider}=${grant.member}"]))
    loader_leases   = google_storage_bucket_iam_member.loader_leases.member
  }
}
