resource "google_cloud_scheduler_job" "sweep" {
  project          = var.project_id
  region           = var.region
  name             = "${var.prefix}-sweep"
  description      = "Calls the sweep once an hour"
  schedule         = "23 * * * *" # not at the full hour, when transfers start
  time_zone        = "Etc/UTC"
  attempt_deadline = "570s" # longer than the function's 540 s, so a running sweep is not called again

  # No retry: the next sweep does the rest.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.sweep.service_config[0].uri
    oidc_token {
      service_account_email = local.emails["scheduler"]
      audience              = google_cloudfunctions2_function.sweep.service_config[0].uri
    }
  }

  depends_on = [google_cloud_run_service_iam_member.scheduler_invoker]
}
