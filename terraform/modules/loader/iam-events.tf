# Grants that let events reach the functions, and the schedule reach the sweep.

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
  triggers = merge(var.agent_grants, {
    build_logs       = google_project_iam_member.build_logs.member
    build_source     = google_project_iam_member.build_source.member
    loader_jobs      = google_project_iam_member.loader_jobs.member
    trigger_receiver = google_project_iam_member.trigger_receiver.member
  })
}

# A grant on a bucket takes about a minute. These are later than the other grants, because buckets and the repository wait for
# their keys. Those on datasets are needed when a function first runs, which is after its build, and the one on the
# repository at the end of the build.
resource "time_sleep" "bucket_grants" {
  create_duration = "60s"
  triggers = {
    build_images    = google_artifact_registry_repository_iam_member.build_images.member
    build_upload    = google_storage_bucket_iam_member.build_upload.member
    loader_datasets = join(" ", sort([for grant in google_bigquery_dataset_access.loader_editor : grant.dataset_id]))
    loader_landing  = join(" ", sort([for provider, grant in google_storage_bucket_iam_member.loader_viewer : "${provider}=${grant.member}"]))
    loader_leases   = google_storage_bucket_iam_member.loader_leases.member
  }
}
