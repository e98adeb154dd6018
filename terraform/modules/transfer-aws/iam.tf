# Storage Transfer reads the access key when a job runs. Without a secret there is no grant.
resource "google_secret_manager_secret_iam_member" "transfer" {
  for_each = local.secrets

  project   = each.value[1]
  secret_id = each.value[3]
  role      = "roles/secretmanager.secretAccessor"
  member    = var.transfer_agent.member
}
