"""I: what the system does.  The torture tests play these before the real program."""

from case import elsewhere

CASES = [
    elsewhere("I01", "When polls have no descriptor left rows are unknown after three polls, and others find some",
              "torture/test_7_resources.test_descriptors_used_up"),
    elsewhere("I02", "A disk that is full, to read only, failing or slow changes no verdict and holds nobody up",
              "torture/test_4_disks.test_a_full_disk_changes_no_verdict",
              "torture/test_7_bad_disks.test_a_disk_whose_writes_fail",
              "torture/test_7_bad_disks.test_a_disk_whose_syncs_fail",
              "torture/test_7_bad_disks.test_a_slow_disk",
              "torture/test_7_bad_disks.test_a_start_on_a_disk_to_read_only"),
    elsewhere("I03", "A damaged state is set aside, and a later one and a key file that others may read are refused",
              "torture/test_7_damaged_state.test_a_state_that_is_damaged",
              "torture/test_7_damaged_state.test_a_state_that_is_not_ours"),
    elsewhere("I04", "A clock that is set makes no probe missing and no reply late",
              "torture/test_8_clock.test_a_clock_that_is_set",
              "torture/test_8_clock.test_a_clock_that_is_set_over_a_kill",
              "torture/test_8_clock.test_certificates_before_their_time"),
    # There is no command for OAuth tokens yet; password_command is run in the same way.
    elsewhere("I05", "A command that hangs, leaves a child with the pipe, floods, dies or prints no password is ended "
              "with its whole group, and is this machine's own fault",
              "torture/test_8_secrets.test_secrets_that_cannot_be_had"),
    elsewhere("I06", "Without trusted certificates that can be read rows that verify are unknown; a reload changes nothing",
              "torture/test_8_authorities.test_authorities_that_cannot_be_used",
              "torture/test_8_authorities.test_other_authorities_need_a_restart"),
    elsewhere("I07", "A row that is changed, turned off or removed in any stage of its poll has it given up",
              "torture/test_9_stages.test_changed_in_each_stage"),
    elsewhere("I08", "SIGTERM in each stage of a poll ends emailmon within three seconds",
              "torture/test_9_stages.test_ended_in_each_stage"),
    elsewhere("I09", "Thousands of rows that time out at once hold no healthy row up",
              "torture/test_3_silent.test_thousands_that_time_out"),
    elsewhere("I10", "SIGKILL in each stage of sending makes no probe missing that was not",
              "torture/test_9_stages.test_killed_in_each_stage",
              "torture/test_1_kills.test_killed_between_what_is_done_and_its_record"),
    elsewhere("I11", "SIGKILL in each stage of looking, before and after the deletion, makes no probe missing, and no "
              "mail evidence twice",
              "torture/test_9_stages.test_killed_in_each_stage",
              "torture/test_1_kills.test_killed_between_what_is_done_and_its_record"),
]
