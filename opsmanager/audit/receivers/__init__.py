"""What the trail hears of by itself: logins, and changes of users, roles and grants."""
