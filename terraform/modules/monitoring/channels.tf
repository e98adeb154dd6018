resource "google_monitoring_notification_channel" "emails" {
  for_each = var.notification_emails

  project      = var.project_id
  display_name = "${var.prefix}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  user_labels  = var.labels
  force_delete = true # Monitoring rejects the removal of a channel that a policy uses, also one made outside Terraform

  # Monitoring rejects the removal of a channel that a policy uses. So Terraform changes the policies first, if this
  # setting was applied before.
  lifecycle {
    create_before_destroy = true
  }
}
