output "functions" {
  description = "Names of the functions, by entry point. A resource that uses them waits until events and the schedule can call the functions."
  value       = local.functions

  depends_on = [google_cloud_run_service_iam_member.scheduler_invoker, google_cloud_run_service_iam_member.trigger_invoker]
}

output "member" {
  description = "Account of the functions, as an IAM member."
  value       = local.members["loader"]
}

output "schedule" {
  description = "Name of the Cloud Scheduler job that calls the sweep."
  value       = google_cloud_scheduler_job.sweep.name
}

output "service_accounts" {
  description = "E-mail addresses of the service accounts, by task."
  value       = local.emails
}
